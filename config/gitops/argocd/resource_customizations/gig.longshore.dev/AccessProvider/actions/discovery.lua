-- A target system that was declared gone for good is asked nothing any more.
local gone = obj.metadata.deletionTimestamp ~= nil or obj.spec.decommissioned ~= nil
return { reconcile = { disabled = gone } }
