"""The server: takes stills and previews in, analyses them, stores and shows the results."""
