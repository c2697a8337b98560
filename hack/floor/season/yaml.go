package season

import (
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

// WriteYAML writes objects as people write them: without a status, and without what the API server fills in.
func WriteYAML[T runtime.Object](out io.Writer, objects []T) error {
	for _, object := range objects {
		fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
		if err != nil {
			return fmt.Errorf("converting an object: %w", err)
		}
		delete(fields, "status")
		if metadata, is := fields["metadata"].(map[string]any); is {
			delete(metadata, "creationTimestamp")
		}
		text, err := yaml.Marshal(fields)
		if err != nil {
			return fmt.Errorf("encoding an object: %w", err)
		}
		if _, err := fmt.Fprintf(out, "---\n%s", text); err != nil {
			return fmt.Errorf("writing an object: %w", err)
		}
	}
	return nil
}
