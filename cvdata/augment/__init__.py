"""New pictures of old ones: recipes, what follows them (boxes, outlines, masks, keypoints), and making many."""
