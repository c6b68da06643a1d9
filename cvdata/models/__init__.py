"""Networks behind one small protocol: built, loaded, run on pictures, exported and explained."""
