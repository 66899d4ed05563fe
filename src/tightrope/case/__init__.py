"""The case room: an argument about an unequal alliance, as checked data."""
