-- Access is withdrawn and work pauses. It asks for nothing more, so it needs no verb but update.
obj.spec.suspend = true
return obj
