"""Where a network looked: Grad-CAM."""
