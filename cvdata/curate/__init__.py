"""What makes a dataset worth training on: findings, differences, versions."""
