package suite_test

import (
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/test/suite"
)

func TestAListKeepsWhatTheIndexesFind(t *testing.T) {
	g := NewWithT(t)
	indexes := suite.Indexes{}
	g.Expect(indexes.IndexField(t.Context(), nil, "colour", func(o client.Object) []string { return []string{o.GetLabels()["colour"]} })).To(Succeed())
	coloured := func(name, colour string) corev1.ConfigMap {
		return corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"colour": colour}}}
	}
	list := &corev1.ConfigMapList{Items: []corev1.ConfigMap{coloured("sea", "blue"), coloured("grass", "green"), coloured("sky", "blue")}}

	g.Expect(indexes.Keep(list, nil)).To(Succeed())
	g.Expect(list.Items).To(HaveLen(3), "without a selector all is kept")
	g.Expect(indexes.Keep(list, fields.OneTermEqualSelector("colour", "blue"))).To(Succeed())
	g.Expect(list.Items).To(HaveExactElements(HaveField("Name", "sea"), HaveField("Name", "sky")))
	g.Expect(indexes.Keep(list, fields.OneTermEqualSelector("shape", "round"))).To(MatchError("there is no index shape"))
}

func TestANotebookTellsWhatIsNewAndAll(t *testing.T) {
	g := NewWithT(t)
	notebook := &suite.Notebook{}
	notebook.Eventf(&v1alpha1.AccessGrant{}, nil, "Normal", "Granted", "Grant", "%s is given", "chat")
	g.Expect(notebook.Read()).To(Equal([]string{"AccessGrant Normal Granted: chat is given"}))
	g.Expect(notebook.Read()).To(BeEmpty())
	notebook.Eventf(&v1alpha1.Worker{}, nil, "Warning", "Gone", "Find", "nobody is there")
	g.Expect(notebook.Read()).To(Equal([]string{"Worker Warning Gone: nobody is there"}))
	g.Expect(notebook.All()).To(HaveLen(2))
}
