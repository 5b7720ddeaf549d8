"""Files: CSV and Excel in and out, streamed."""
