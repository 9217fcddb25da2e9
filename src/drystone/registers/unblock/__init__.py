"""P35: people ask for a blocked site, or report an open one; somebody decides; what is opened for a while ends."""
