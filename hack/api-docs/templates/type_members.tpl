{{- define "type_members" -}}
{{- if eq .Name "metadata" -}}
The object's name, labels and so on.
{{- else -}}
{{ template "doc" .Doc }}
{{- end -}}
{{- end -}}

{{- /* Text in a table: on one line, with nothing that Markdown takes for markup. */ -}}
{{- define "doc" -}}
{{ . | replace "\n" " " | replace "<" "&lt;" | markdownRenderFieldDoc }}
{{- end -}}

{{- /* What has no bound is optional; only what is required says so. */ -}}
{{- define "bounds" -}}
{{- $bounds := list -}}
{{- range . -}}
{{- if hasPrefix "Required" . -}}
{{- $bounds = prepend $bounds "**required**" -}}
{{- else if hasPrefix "Pattern" . -}}
{{- $bounds = append $bounds (printf "`%s`" (. | trimPrefix "Pattern: " | trimAll "`" | replace "|" "\\|")) -}}
{{- else if hasPrefix "Schemaless" . -}}
{{- else if not (hasPrefix "Optional" .) -}}
{{- $bounds = append $bounds (. | replace "\n" " " | replace "<" "&lt;" | markdownRenderFieldDoc) -}}
{{- end -}}
{{- end -}}
{{ join "<br>" $bounds }}
{{- end -}}
