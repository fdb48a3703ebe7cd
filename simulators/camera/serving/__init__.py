"""A camera on the network: pictures at their rate, by RTSP and MJPEG, with faults on command."""
