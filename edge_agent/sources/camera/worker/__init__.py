"""The process of one camera: it reads, doubts and judges its pictures, and only words leave it."""
