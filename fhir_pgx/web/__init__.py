"""The HTTP edge: routes read a request, call one function and write its answer."""
