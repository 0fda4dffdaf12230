"""The trade process: from the request for quotation to the payment notice. Pure."""
