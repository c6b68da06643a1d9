"""COCO's numbers by its two engines, and the overlaps of masks and keypoints."""
