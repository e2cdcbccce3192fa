"""The contacts of a run as a Merkle tree of keyed tokens."""
