-- A sealed file has nothing to reach. Where its erasure is asked for and something stands against it, the message says what.
if obj.metadata.deletionTimestamp ~= nil then
  return { status = "Progressing", message = "being deleted" }
end
if obj.status ~= nil then
  for _, condition in ipairs(obj.status.conditions or {}) do
    if condition.type == "Erased" then
      return { status = "Healthy", message = condition.message }
    end
  end
end
return { status = "Healthy", message = "sealed" }
