"""The HTTP side: webhooks on a plain request path, the incidents API, health and metrics."""
