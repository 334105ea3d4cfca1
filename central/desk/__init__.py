"""The review desk: web pages for the people who decide what units could not."""
