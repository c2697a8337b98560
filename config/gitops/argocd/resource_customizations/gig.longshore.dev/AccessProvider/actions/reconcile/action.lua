-- Each new value has the access read back in every target system at once, and put right. It changes no spec.
local os = require("os")
if obj.metadata.annotations == nil then
  obj.metadata.annotations = {}
end
obj.metadata.annotations["gig.longshore.dev/requested-at"] = os.date("!%Y-%m-%dT%H:%M:%SZ")
return obj
