{{- define "gvDetails" -}}
{{- $gv := . -}}
Group and version `{{ $gv.GroupVersionString }}`.

{{ $gv.Doc | trim }}

## Kinds

{{ range $gv.SortedKinds -}}
- {{ $gv.TypeForKind . | markdownRenderTypeLink }}
{{ end }}
{{- range $gv.SortedKinds }}
{{ template "type" ($gv.TypeForKind .) }}
{{- end }}
## Types
{{ range $gv.SortedTypes }}
{{- if not .GVK }}
{{ template "type" . }}
{{- end }}
{{- end }}
{{- end -}}
