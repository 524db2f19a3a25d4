"""Scripts that turn published facts into our knowledge files; run by hand, never at run time."""
