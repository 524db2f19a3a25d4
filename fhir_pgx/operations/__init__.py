"""FHIR operations, a module each: the store and parameters in, FHIR out."""
