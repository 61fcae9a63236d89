"""Corpus -> proposals: near-duplicate coverage found by sketches, verified on texts, explained and remembered.

shingle signature canonical sketch   text -> a fixed number of bytes
bands pairs spun candidates          sketches -> pairs worth comparing
texts verify relation                two texts -> a verdict
keep cluster corpus                  verdicts -> who stays, who goes, and why
estimate lookup segments index       what is remembered across runs
stream exchange                      the filter; datasketch
"""
