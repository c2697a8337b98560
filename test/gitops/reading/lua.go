package reading

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"
)

// limit is how long Argo CD lets a script run.
const limit = time.Second

// clockFormat is the only one that the sandbox's os.date knows: RFC 3339 in UTC, as strftime writes it.
const clockFormat = "!%Y-%m-%dT%H:%M:%SZ"

// run runs a script over an object as Argo CD's server does: with the basic functions, tables and two functions of os, and without strings,
// mathematics, files and coroutines. What reads files or builds code is taken out as well, so that a script which works here works there.
func run(script *lua.FunctionProto, object map[string]any, now time.Time) (lua.LValue, error) {
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for _, library := range []struct {
		name string
		open lua.LGFunction
	}{{lua.LoadLibName, lua.OpenPackage}, {lua.BaseLibName, lua.OpenBase}, {lua.TabLibName, lua.OpenTable}} {
		if err := state.CallByParam(lua.P{Fn: state.NewFunction(library.open), Protect: true}, lua.LString(library.name)); err != nil {
			return nil, fmt.Errorf("opening the Lua library %s: %w", library.name, err)
		}
	}
	for _, name := range []string{"dofile", "loadfile", "load", "loadstring", "print", "collectgarbage", "newproxy", "module"} {
		state.SetGlobal(name, lua.LNil)
	}
	state.PreloadModule(lua.OsLibName, clockAt(now))
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	state.SetContext(ctx)
	state.SetGlobal("obj", encode(state, object))
	state.Push(state.NewFunctionFromProto(script))
	if err := state.PCall(0, lua.MultRet, nil); err != nil {
		return nil, fmt.Errorf("running the script: %w", err)
	}
	if state.GetTop() == 0 {
		return nil, errors.New("the script returns nothing")
	}
	return state.Get(-1), nil
}

// compile reads a script once for as often as it is run.
func compile(text, name string) (*lua.FunctionProto, error) {
	parsed, err := parse.Parse(strings.NewReader(text), name)
	if err != nil {
		return nil, fmt.Errorf("parsing the script: %w", err)
	}
	script, err := lua.Compile(parsed, name)
	if err != nil {
		return nil, fmt.Errorf("compiling the script: %w", err)
	}
	return script, nil
}

// clockAt is the part of os that scripts have.
func clockAt(now time.Time) lua.LGFunction {
	return func(state *lua.LState) int {
		state.Push(state.SetFuncs(state.NewTable(), map[string]lua.LGFunction{
			"time": func(state *lua.LState) int {
				state.Push(lua.LNumber(now.Unix()))
				return 1
			},
			"date": func(state *lua.LState) int {
				if format := state.CheckString(1); format != clockFormat {
					state.RaiseError("os.date knows %s here, and not %s", clockFormat, format)
				}
				state.Push(lua.LString(now.UTC().Format(time.RFC3339)))
				return 1
			},
		}))
		return 1
	}
}

// encode makes what came from JSON a value of Lua's.
func encode(state *lua.LState, value any) lua.LValue {
	switch value := value.(type) {
	case bool:
		return lua.LBool(value)
	case string:
		return lua.LString(value)
	case int64:
		return lua.LNumber(value)
	case float64:
		return lua.LNumber(value)
	case []any:
		table := state.CreateTable(len(value), 0)
		for _, item := range value {
			table.Append(encode(state, item))
		}
		return table
	case map[string]any:
		table := state.CreateTable(0, len(value))
		for key, item := range value {
			table.RawSetString(key, encode(state, item))
		}
		return table
	default:
		return lua.LNil
	}
}

// decode makes a value of Lua's what JSON has for it. Lua has one kind of table, so that an empty one is what it was before.
func decode(value lua.LValue, before any) any {
	switch value := value.(type) {
	case lua.LBool:
		return bool(value)
	case lua.LString:
		return string(value)
	case lua.LNumber:
		if number := float64(value); number == math.Trunc(number) {
			return int64(number)
		}
		return float64(value)
	case *lua.LTable:
		return decodeTable(value, before)
	default:
		return nil
	}
}

func decodeTable(table *lua.LTable, before any) any {
	list, wasList := before.([]any)
	if length := table.Len(); length > 0 || wasList {
		items := make([]any, 0, length)
		for i := 1; i <= length; i++ {
			var was any
			if i <= len(list) {
				was = list[i-1]
			}
			items = append(items, decode(table.RawGetInt(i), was))
		}
		return items
	}
	object, _ := before.(map[string]any)
	fields := map[string]any{}
	table.ForEach(func(key, item lua.LValue) { fields[key.String()] = decode(item, object[key.String()]) })
	return fields
}
