"""The nouns: values that every other floor speaks of. Nothing here reads, writes or waits."""
