package analysis

import (
	"slices"
	"strings"
)

// Settings that tune the upstream's planner or its connections and change no result.
// Pools and analysts set them. Veil accepts what PostgreSQL accepts and sends nothing:
// the operator decides how statements run.

// tuning has the settings, with the form of their values.
var tuning = map[string][]string{
	"plan_cache_mode": {"auto", "force_generic_plan", "force_custom_plan"}, "constraint_exclusion": {"on", "off", "partition"},
	"synchronous_commit": {"on", "off", "local", "remote_write", "remote_apply"},
}

// switches are on or off, amounts are numbers, some with a unit.
var (
	switches = strings.Fields(`enable_async_append enable_bitmapscan enable_gathermerge enable_hashagg enable_hashjoin enable_incremental_sort
enable_indexonlyscan enable_indexscan enable_material enable_memoize enable_mergejoin enable_nestloop enable_parallel_append
enable_parallel_hash enable_partition_pruning enable_partitionwise_aggregate enable_partitionwise_join enable_presorted_aggregate
enable_seqscan enable_sort enable_tidscan geqo`)
	amounts = strings.Fields(`cpu_index_tuple_cost cpu_operator_cost cpu_tuple_cost cursor_tuple_fraction default_statistics_target
effective_cache_size effective_io_concurrency from_collapse_limit geqo_effort geqo_threshold hash_mem_multiplier join_collapse_limit
maintenance_work_mem max_parallel_workers max_parallel_workers_per_gather min_parallel_index_scan_size min_parallel_table_scan_size
parallel_setup_cost parallel_tuple_cost random_page_cost seq_page_cost tcp_keepalives_count tcp_keepalives_idle tcp_keepalives_interval
tcp_user_timeout temp_buffers work_mem`)
)

// addTuning adds the settings to the parameters.
func addTuning(all map[string]*parameter) {
	for name, words := range tuning {
		all[name] = &parameter{kept: true, read: func(_ *analysis, v []string) ([]string, reading) {
			return v, acceptedIf(len(v) == 1 && slices.Contains(words, strings.ToLower(v[0])))
		}}
	}
	for _, name := range switches {
		all[name] = &parameter{kept: true, read: func(a *analysis, v []string) ([]string, reading) {
			_, on := readOn(a, v)
			return v, acceptedIf(on != invalid)
		}}
	}
	for _, name := range amounts {
		all[name] = &parameter{kept: true, read: func(_ *analysis, v []string) ([]string, reading) {
			return v, acceptedIf(len(v) == 1 && amountForm.MatchString(v[0]))
		}}
	}
}

func acceptedIf(ok bool) reading {
	if ok {
		return accepted
	}
	return invalid
}
