"""The rules of Pascal VOC and Ultralytics, and what makes their figures differ from COCO's."""
