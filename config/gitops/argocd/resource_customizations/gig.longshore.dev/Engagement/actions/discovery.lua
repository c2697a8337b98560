-- A closed file is sealed, and nothing is left to read back, to suspend or to resume.
local open = obj.metadata.deletionTimestamp == nil and (obj.status == nil or obj.status.phase ~= "Closed")
local suspended = obj.spec.suspend == true
return {
  reconcile = { disabled = not open },
  suspend = { disabled = not open or suspended },
  resume = { disabled = not open or not suspended },
}
