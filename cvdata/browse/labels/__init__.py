"""Labels and pictures as the documents that FiftyOne keeps in its database.

documents   a sample for each picture; `fields`: its labels; `shapes`: what is drawn beside boxes; `part`: some pictures
schema      the fields that they have; `attributes`: those that the dataset itself brings; `runs`: that FiftyOne does
digests     whether a picture changed in the dataset, and whether a person worked on it; `said`: likewise, on attributes
ids, texts  ids of labels, and names as MongoDB can hold them
"""
