"""Cameras that are not there: a rendered place with its truth, served as RTSP and MJPEG, with faults on command."""
