package policy

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A schema types CEL's variables by the Go types of the API and their JSON names, so that a misspelt field does not compile. Fields are present as in the API
// server's own CEL: what JSON would leave out is absent.
type schema struct {
	types.Provider
	types.Adapter
	objects map[string]*objectType
	byGo    map[reflect.Type]*objectType
}

type objectType struct {
	name   string
	names  []string
	fields map[string]*objectField
}

type objectField struct {
	name  string
	index []int
	// optional fields are absent when they are empty.
	optional bool
	celType  *types.FieldType
}

var (
	goTime     = reflect.TypeFor[metav1.Time]()
	goDuration = reflect.TypeFor[metav1.Duration]()
)

// newSchema types the given structs and all that they hold.
func newSchema(provider types.Provider, adapter types.Adapter, roots map[string]reflect.Type) *schema {
	s := &schema{Provider: provider, Adapter: adapter, objects: map[string]*objectType{}, byGo: map[reflect.Type]*objectType{}}
	for name, t := range roots {
		s.add(name, t)
	}
	return s
}

func (s *schema) add(name string, t reflect.Type) *objectType {
	o := &objectType{name: name, fields: map[string]*objectField{}}
	s.objects[name], s.byGo[t] = o, o
	s.addFields(o, t, nil)
	return o
}

func (s *schema) addFields(o *objectType, t reflect.Type, index []int) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		at := append(append([]int{}, index...), i)
		switch {
		case !f.IsExported() || name == "-":
			continue
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct:
			s.addFields(o, f.Type, at)
			continue
		}
		celType := s.typeOf(f.Type)
		if celType == nil || name == "" {
			continue // nothing that a rule could read
		}
		field := &objectField{name: name, index: at, optional: strings.Contains(options, "omit")}
		field.celType = &types.FieldType{Type: celType, IsSet: field.isSet, GetFrom: func(v any) (any, error) { return field.from(s, v) }}
		o.names = append(o.names, name)
		o.fields[name] = field
	}
}

// typeOf is CEL's type for a Go type, or nil if it has none.
func (s *schema) typeOf(t reflect.Type) *types.Type {
	switch t {
	case goTime:
		return types.TimestampType
	case goDuration:
		return types.DurationType
	}
	switch t.Kind() {
	case reflect.Bool:
		return types.BoolType
	case reflect.String:
		return types.StringType
	case reflect.Int, reflect.Int32, reflect.Int64:
		return types.IntType
	case reflect.Pointer:
		return s.typeOf(t.Elem())
	case reflect.Slice:
		if element := s.typeOf(t.Elem()); element != nil {
			return types.NewListType(element)
		}
	case reflect.Map:
		if element := s.typeOf(t.Elem()); element != nil && t.Key().Kind() == reflect.String {
			return types.NewMapType(types.StringType, element)
		}
	case reflect.Struct:
		o := s.byGo[t]
		if o == nil {
			o = s.add(t.Name(), t)
		}
		return types.NewObjectType(o.name)
	default:
	}
	return nil
}

// FindStructType implements types.Provider.
func (s *schema) FindStructType(name string) (*types.Type, bool) {
	if s.objects[name] != nil {
		return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
	}
	return s.Provider.FindStructType(name)
}

// FindStructFieldNames implements types.Provider.
func (s *schema) FindStructFieldNames(name string) ([]string, bool) {
	if o := s.objects[name]; o != nil {
		return o.names, true
	}
	return s.Provider.FindStructFieldNames(name)
}

// FindStructFieldType implements types.Provider.
func (s *schema) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	o := s.objects[name]
	if o == nil {
		return s.Provider.FindStructFieldType(name, field)
	}
	f := o.fields[field]
	if f == nil {
		return nil, false
	}
	return f.celType, true
}

// NativeToValue implements types.Adapter: objects are converted field by field, when they are read.
func (s *schema) NativeToValue(v any) ref.Val {
	switch t := v.(type) {
	case ref.Val:
		return kinetic(t)
	case time.Time:
		return moment{at: t}
	case time.Duration:
		return span{length: t}
	case metav1.Time:
		return moment{at: t.Time}
	case metav1.Duration:
		return span{length: t.Duration}
	case string, bool, int, int32, int64, []string, map[string]string:
		return s.Adapter.NativeToValue(v)
	}
	r := reflect.Indirect(reflect.ValueOf(v))
	switch r.Kind() {
	case reflect.Struct:
		if o := s.byGo[r.Type()]; o != nil {
			return &object{value: r, typed: o, schema: s}
		}
	case reflect.String:
		return types.String(r.String())
	case reflect.Slice:
		return types.NewDynamicList(s, r.Interface())
	case reflect.Map:
		return types.NewDynamicMap(s, r.Interface())
	default:
	}
	return s.Adapter.NativeToValue(v)
}

func (f *objectField) isSet(v any) bool {
	o, ok := v.(*object)
	return ok && !f.absent(o.value.FieldByIndex(f.index))
}

func (f *objectField) from(s *schema, v any) (any, error) {
	o, ok := v.(*object)
	if !ok {
		return nil, fmt.Errorf("no such field: %s", f.name)
	}
	value := o.value.FieldByIndex(f.index)
	if f.absent(value) {
		return nil, fmt.Errorf("no such key: %s", f.name)
	}
	return s.native(value), nil
}

// absent says whether JSON would leave the field out, or could only write null.
func (f *objectField) absent(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer:
		return v.IsNil()
	case reflect.Slice, reflect.Map:
		return f.optional && v.Len() == 0
	case reflect.Struct:
		return false
	default:
		return f.optional && v.IsZero()
	}
}

func (s *schema) native(v reflect.Value) any {
	v = reflect.Indirect(v)
	switch v.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Bool:
		return v.Bool()
	case reflect.Int, reflect.Int32, reflect.Int64:
		return v.Int()
	case reflect.Struct:
		if o := s.byGo[v.Type()]; o != nil {
			return &object{value: v, typed: o, schema: s}
		}
	default:
	}
	return s.NativeToValue(v.Interface())
}

// An object is a Go struct in CEL. It never changes while a rule reads it.
type object struct {
	value  reflect.Value
	typed  *objectType
	schema *schema
}

var (
	_ traits.Indexer     = &object{}
	_ traits.FieldTester = &object{}
)

// Get implements traits.Indexer.
func (o *object) Get(name ref.Val) ref.Val {
	f, err := o.field(name)
	if err != nil {
		return types.WrapErr(err)
	}
	v, err := f.from(o.schema, o)
	if err != nil {
		return types.WrapErr(err)
	}
	return o.schema.NativeToValue(v)
}

// IsSet implements traits.FieldTester.
func (o *object) IsSet(name ref.Val) ref.Val {
	f, err := o.field(name)
	if err != nil {
		return types.WrapErr(err)
	}
	return types.Bool(f.isSet(o))
}

func (o *object) field(name ref.Val) (*objectField, error) {
	written, ok := name.(types.String)
	if f := o.typed.fields[string(written)]; ok && f != nil {
		return f, nil
	}
	return nil, fmt.Errorf("no such field: %v", name)
}

// ConvertToNative implements ref.Val.
func (o *object) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("%s cannot be written as %s", o.typed.name, t)
}

// ConvertToType implements ref.Val.
func (o *object) ConvertToType(t ref.Type) ref.Val {
	if t == types.TypeType {
		return types.NewObjectType(o.typed.name)
	}
	return types.NewErr("%s cannot be converted to %s", o.typed.name, t.TypeName())
}

// Equal implements ref.Val. Rules that compare whole objects do not compile, because CEL does not charge for it.
func (o *object) Equal(ref.Val) ref.Val { return types.NoSuchOverloadErr() }

// Type implements ref.Val.
func (o *object) Type() ref.Type {
	return types.NewObjectType(o.typed.name, traits.FieldTesterType|traits.IndexerType)
}

// Value implements ref.Val. CEL reads fields of what this returns.
func (o *object) Value() any { return o }
