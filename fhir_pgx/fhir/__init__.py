"""FHIR JSON and XML to and from the model, a module a resource; dictionaries, walked tolerantly."""
