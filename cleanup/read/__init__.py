"""Bytes to documents: inputs, compression, formats and parts."""
