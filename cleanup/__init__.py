"""cleanup: turn scraped news into a corpus people can trust."""
