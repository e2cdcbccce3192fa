"""Does a pipeline do on a code host what its guide says?"""
