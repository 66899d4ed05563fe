"""Under the numerics: how JAX is set up, and where compiled programs are kept between processes."""
