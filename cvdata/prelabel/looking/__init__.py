"""Ways to look at a picture with what models there are: in tiles, mirrored, several models, one after the other.

Each is a `Predictor` around others, so that they can be put around each other in any order.
"""
