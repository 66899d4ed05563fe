"""The local web page: `tightrope serve`. Needs the extra `app`; see `tightrope.app.start`."""
