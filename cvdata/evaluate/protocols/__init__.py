"""The rules of Pascal VOC and Ultralytics, and why two tools give two figures for the same predictions."""

from .explain import explain
from .ultralytics import ultralytics_numbers
from .voc import voc_numbers

__all__ = ["explain", "ultralytics_numbers", "voc_numbers"]
