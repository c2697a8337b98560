package policy

import (
	"fmt"
	"math"
	"reflect"
	"sync"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/decls"
	"github.com/google/cel-go/common/env"
	"github.com/google/cel-go/common/overloads"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/google/cel-go/ext"
	"github.com/google/cel-go/interpreter"

	"github.com/longshore-dev/longshore/controllers/domain/expression"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

const (
	// ruleCostLimit is what one evaluation of one expression may cost, in CEL's units: roughly one per step taken, a tenth per character read; some 10 ms.
	// A rule that looks at every field of the largest Engagement stays far below it. Looking ahead for the moment at which the answer turns may cost as much again.
	ruleCostLimit = 100_000
	// zoneCost is what looking up a time zone costs, and shiftCost what moving a moment by a calendar period does, in the same units.
	zoneCost, shiftCost = 200, 200
	// ruleStringsVersion is the first version of CEL's string functions that is charged by the length of the strings.
	ruleStringsVersion = 5
)

// The variables of rules.
const (
	varNow        = "now"
	varEngagement = "engagement"
	varWorker     = "worker"
	varPool       = "pool"
	varChecklist  = "checklist"
	varTenure     = "tenure"
)

type ruleEnv struct {
	*cel.Env
	schema *schema
}

// environment is computed from the program alone, so that sharing it changes no answer.
var environment = sync.OnceValues(func() (*ruleEnv, error) {
	// What makes timestamps and durations, or takes them apart, is declared anew below. Without dyn every field is typed, and a misspelt one does not compile.
	replaced := env.NewLibrarySubset().AddExcludedFunctions(env.NewFunction(overloads.TypeConvertTimestamp), env.NewFunction(overloads.TypeConvertDuration), env.NewFunction(overloads.TypeConvertDyn))
	for name := range calendarFields {
		replaced.AddExcludedFunctions(env.NewFunction(name))
	}
	base, err := cel.NewCustomEnv(
		cel.StdLib(cel.StdLibSubset(replaced)),
		cel.OptionalTypes(),
		ext.Strings(ext.StringsVersion(ruleStringsVersion)),
		cel.ClearMacros(),
		cel.Macros(cel.HasMacro, cel.AllMacro, cel.ExistsMacro, cel.ExistsOneMacro, cel.FilterMacro, cel.MapMacro, cel.MapFilterMacro),
		cel.ParserRecursionLimit(expression.MaxDepth),
		cel.DefaultUTCTimeZone(true),
		cel.CrossTypeNumericComparisons(true),
		cel.ASTValidators(cel.ValidateDurationLiterals(), cel.ValidateTimestampLiterals(), cel.ValidateRegexLiterals()),
	)
	if err != nil {
		return nil, fmt.Errorf("setting up CEL for rules: %w", err)
	}
	s := newSchema(base.CELTypeProvider(), base.CELTypeAdapter(), map[string]reflect.Type{
		"Engagement": reflect.TypeFor[engagementView](), "Worker": reflect.TypeFor[workerView](), "Pool": reflect.TypeFor[poolView](),
		"Checklist": reflect.TypeFor[checklistView](), "Tenure": reflect.TypeFor[tenureView](),
	})
	options := append(functions(),
		cel.CustomTypeProvider(s), cel.CustomTypeAdapter(s),
		cel.Variable(varNow, cel.TimestampType),
		cel.Variable(varEngagement, cel.ObjectType("Engagement")),
		cel.Variable(varWorker, cel.ObjectType("Worker")),
		cel.Variable(varPool, cel.ObjectType("Pool")),
		cel.Variable(varChecklist, cel.ObjectType("Checklist")),
		cel.Variable(varTenure, cel.ObjectType("Tenure")),
	)
	extended, err := base.Extend(options...)
	if err != nil {
		return nil, fmt.Errorf("setting up CEL for rules: %w", err)
	}
	return &ruleEnv{extended, s}, nil
})

// functions of rules: CEL's own on time, for moments and spans, and those that money and calendars need.
func functions() []cel.EnvOption {
	unary := func(id string, argument, result *cel.Type, f func(ref.Val) ref.Val) cel.FunctionOpt {
		return cel.Overload(id, []*cel.Type{argument}, result, cel.UnaryBinding(f))
	}
	to := func(t ref.Type) func(ref.Val) ref.Val {
		return func(v ref.Val) ref.Val { return kinetic(v.ConvertToType(t)) }
	}
	options := []cel.EnvOption{
		cel.Function(overloads.TypeConvertTimestamp,
			unary(overloads.TimestampToTimestamp, cel.TimestampType, cel.TimestampType, to(types.TimestampType)),
			unary(overloads.IntToTimestamp, cel.IntType, cel.TimestampType, to(types.TimestampType)),
			unary(overloads.StringToTimestamp, cel.StringType, cel.TimestampType, to(types.TimestampType))),
		cel.Function(overloads.TypeConvertDuration,
			unary(overloads.DurationToDuration, cel.DurationType, cel.DurationType, to(types.DurationType)),
			unary(overloads.StringToDuration, cel.StringType, cel.DurationType, to(types.DurationType))),
		cel.Function("plus", cel.MemberOverload("timestamp_plus_period", []*cel.Type{cel.TimestampType, cel.StringType}, cel.TimestampType, cel.BinaryBinding(plus))),
		cel.Function("minus", cel.MemberOverload("timestamp_minus_period", []*cel.Type{cel.TimestampType, cel.StringType}, cel.TimestampType, cel.BinaryBinding(minus))),
		cel.Function("milli", cel.Overload("milli_string", []*cel.Type{cel.StringType}, cel.IntType, cel.UnaryBinding(milli))),
		cel.Function("sum", cel.Overload("sum_list_int", []*cel.Type{cel.ListType(cel.IntType)}, cel.IntType, cel.UnaryBinding(sum))),
	}
	for name, field := range calendarFields {
		declared := []decls.FunctionOpt{
			cel.MemberOverload("timestamp_"+name, []*cel.Type{cel.TimestampType}, cel.IntType, cel.UnaryBinding(field.inUTC)),
			cel.MemberOverload(zoneOverload(name), []*cel.Type{cel.TimestampType, cel.StringType}, cel.IntType, cel.BinaryBinding(field.inZone)),
		}
		if unit, ok := durationUnits[name]; ok {
			declared = append(declared, cel.MemberOverload("duration_"+name, []*cel.Type{cel.DurationType}, cel.IntType, cel.UnaryBinding(unitsOf(unit))))
		}
		options = append(options, cel.Function(name, declared...))
	}
	return options
}

func zoneOverload(name string) string { return "timestamp_" + name + "_in_zone" }

// costs of the functions that CEL knows nothing of.
func costs() []interpreter.CostTrackerOption {
	flat := func(cost uint64) interpreter.FunctionTracker {
		return func([]ref.Val, ref.Val) *uint64 { return &cost }
	}
	options := []interpreter.CostTrackerOption{
		interpreter.OverloadCostTracker("timestamp_plus_period", flat(shiftCost)),
		interpreter.OverloadCostTracker("timestamp_minus_period", flat(shiftCost)),
		interpreter.OverloadCostTracker("sum_list_int", func(args []ref.Val, _ ref.Val) *uint64 {
			cost := uint64(1)
			if l, ok := args[0].(traits.Lister); ok {
				if n, ok := l.Size().(types.Int); ok && n > 0 {
					cost += uint64(n)
				}
			}
			return &cost
		}),
	}
	for name := range calendarFields {
		options = append(options, interpreter.OverloadCostTracker(zoneOverload(name), flat(zoneCost)))
	}
	return options
}

// milli reads an amount of money as thousandths.
func milli(v ref.Val) ref.Val {
	written, ok := v.(types.String)
	if !ok {
		return types.MaybeNoSuchOverloadErr(v)
	}
	amount, err := terms.ParseAmount(string(written))
	if err != nil {
		return types.WrapErr(err)
	}
	return types.Int(amount)
}

func sum(v ref.Val) ref.Val {
	list, ok := v.(traits.Lister)
	if !ok {
		return types.MaybeNoSuchOverloadErr(v)
	}
	var total int64
	for it := list.Iterator(); it.HasNext() == types.True; {
		n, ok := it.Next().(types.Int)
		if !ok {
			return types.NewErrFromString("sum adds whole numbers")
		}
		if i := int64(n); i > 0 && total > math.MaxInt64-i || i < 0 && total < math.MinInt64-i {
			return types.NewErrFromString("integer overflow")
		}
		total += int64(n)
	}
	return types.Int(total)
}
