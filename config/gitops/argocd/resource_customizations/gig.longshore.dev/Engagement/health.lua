-- Longshore's kinds say in three conditions what there is to know: Stalled where somebody must act, Reconciling while
-- the operator is at work, Ready for the rest. People who are waited for within their time are no fault: that is Healthy.
-- Written for Argo CD's own Lua, which opens no library of strings.
local status = obj.status
if obj.metadata.deletionTimestamp ~= nil then
  local message = "being deleted"
  if status ~= nil and status.access ~= nil and (status.access.owed or 0) > 0 then
    message = message .. ": " .. status.access.owed .. " revocations are not yet proven"
  end
  return { status = "Progressing", message = message }
end
if status == nil or status.observedGeneration == nil or status.observedGeneration == -1 then
  return { status = "Progressing", message = "not looked at by Longshore yet" }
end
if status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "changed, and not looked at by Longshore since" }
end

local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  conditions[condition.type] = condition
end
local function holds(kind)
  return conditions[kind] ~= nil and conditions[kind].status == "True"
end
-- How far an engagement has come, before what is said of it.
local function told(kind)
  local message, phase = conditions[kind].message, status.phase
  if phase == nil or phase == "Closed" or phase == message then
    return message
  end
  return phase .. ": " .. message
end

if holds("Reconciling") then
  return { status = "Progressing", message = told("Reconciling") }
end
if holds("Stalled") then
  return { status = "Degraded", message = told("Stalled") }
end
if not holds("Ready") then
  if conditions["Ready"] == nil then
    return { status = "Progressing", message = "not looked at by Longshore yet" }
  end
  return { status = "Progressing", message = told("Ready") }
end
if obj.spec ~= nil and obj.spec.suspend == true and status.phase ~= "Closed" then
  return { status = "Suspended", message = told("Ready") }
end
return { status = "Healthy", message = told("Ready") }
