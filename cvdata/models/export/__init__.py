"""ONNX files that take pictures as they are, checked against the network they were made from."""
