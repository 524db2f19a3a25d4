"""One spelling for each variant and each drug, whatever the sender wrote."""
