"""What a visit leaves on paper and on a telephone's screen: a QR code, a printable form."""
