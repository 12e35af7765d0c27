/* What is known of the tree: nodes and the beginnings of their children, as far as somebody looked. A level is read when it is opened, 100
   at a time, and never all of it. */

import { ask, url } from "../api/client";
import { queries } from "../api/query";
import { totalOf } from "../api/document";
import type { Organization } from "../api/resources";
import { t } from "../words/message";

export const treeRoot = "root";

export interface Node {
	id: string;
	name: string;
	kind: string;
	active: boolean;
	number: number;
	/** How many are below it, if it is known. */
	below?: number;
	/** A row that stands for something else: what is on its way, or what is left. */
	stands?: "loading" | "more" | "failed";
	of?: string;
}

interface Level {
	ids: string[];
	total?: number;
	next?: string | null;
	state: "loading" | "there" | "failed";
}

const fields = "name,slug,number,kind,active";

export class TreeStore {
	private nodes = new Map<string, Node>([[treeRoot, { id: treeRoot, name: "", kind: "", active: true, number: 0 }]]);
	private levels = new Map<string, Level>();
	private listeners = new Set<() => void>();
	private open = new Set<string>();
	private version = 0;

	/** path is that of organizations for the caller. */
	constructor(private readonly path: string) {}

	subscribe = (tell: () => void) => {
		this.listeners.add(tell);
		return () => void this.listeners.delete(tell);
	};

	read = () => this.version;

	private changed() {
		this.version++;
		for (const tell of this.listeners) tell();
	}

	node = (id: string): Node => {
		const known = this.nodes.get(id);
		if (known) return known;
		const [stands, of] = id.split(":");
		if (stands === "more") {
			const level = this.levels.get(of ?? "");
			const left = level?.total !== undefined ? level.total - level.ids.length : undefined;
			return {
				id,
				name: left === undefined ? t("frame.treeStore.more") : t("frame.treeStore.more2", { left }),
				kind: "",
				active: true,
				number: 0,
				stands,
				of,
			};
		}
		if (stands === "loading" || stands === "failed") {
			return {
				id,
				name: stands === "loading" ? t("common.loading") : t("frame.treeStore.didNotLoadTryAgain"),
				kind: "",
				active: true,
				number: 0,
				stands,
				of,
			};
		}
		return { id, name: "", kind: "other", active: true, number: 0 };
	};

	children = (id: string): string[] => {
		const level = this.levels.get(id);
		if (!level) return id === treeRoot || this.node(id).below ? [`loading:${id}`] : [];
		if (level.state === "failed") return [...level.ids, `failed:${id}`];
		if (level.state === "loading" && level.ids.length === 0) return [`loading:${id}`];
		return level.next ? [...level.ids, `more:${id}`] : level.ids;
	};

	total(): number | undefined {
		const level = this.levels.get(treeRoot);
		if (!level || level.next) return undefined;
		return level.ids.reduce((sum, id) => sum + 1 + (this.nodes.get(id)?.below ?? 0), 0);
	}

	/** Says which nodes are open: their levels are kept up to date. */
	opened(ids: string[]) {
		this.open = new Set([treeRoot, ...ids]);
	}

	has(id: string): boolean {
		return this.levels.has(id);
	}

	private urlOf(id: string): string {
		return url(this.path, {
			[id === treeRoot ? "filter[root]" : "filter[parent]"]: id === treeRoot ? true : id,
			sort: "name",
			"fields[organizations]": fields,
			withCounts: "descendants",
			"page[size]": 100,
		});
	}

	/** Reads the children of a node, or more of them. */
	async load(id: string, more = false): Promise<void> {
		const before = this.levels.get(id);
		if (before?.state === "loading" || (before?.state === "there" && !more)) return;
		const at = more && before?.next ? before.next : this.urlOf(id);
		this.levels.set(id, { ids: more ? (before?.ids ?? []) : [], total: before?.total, next: before?.next, state: "loading" });
		this.changed();
		try {
			const answer = await queries.fetchQuery({
				queryKey: [at, "tree"],
				queryFn: () => ask<Organization[]>(at, { cursor: true }),
				staleTime: 5000,
				gcTime: 0, // what is kept of it is in the store
			});
			this.take(id, answer.data, more ? (before?.ids ?? []) : [], totalOf(answer), answer.links?.next);
		} catch {
			this.levels.set(id, { ids: before?.ids ?? [], total: before?.total, next: before?.next, state: "failed" });
		}
		this.changed();
	}

	private take(id: string, found: Organization[], before: string[], total: number | undefined, next: string | null | undefined) {
		for (const o of found) this.put(o);
		const seen = new Set(before);
		this.levels.set(id, { ids: [...before, ...found.map((o) => o.id).filter((o) => !seen.has(o))], total, next, state: "there" });
	}

	private put(o: Organization) {
		const { name, kind, active, number } = o.attributes;
		this.nodes.set(o.id, {
			id: o.id,
			name: name ?? "",
			kind: kind ?? "other",
			active: active !== false,
			number: number ?? 0,
			below: o.meta?.counts?.descendants,
		});
	}

	/** Reads the levels that are open again, after something was moved, made or ended. The others are read when they are opened next. */
	async refresh(): Promise<void> {
		for (const id of this.levels.keys()) if (!this.open.has(id)) this.levels.delete(id);
		await Promise.all(
			[...this.levels.keys()].map(async (id) => {
				const at = this.urlOf(id);
				try {
					const answer = await queries.fetchQuery({
						queryKey: [at, "tree"],
						queryFn: () => ask<Organization[]>(at, { cursor: true }),
						staleTime: 0,
						gcTime: 0,
					});
					this.take(id, answer.data, [], totalOf(answer), answer.links?.next);
				} catch {
					// What is shown stays until it can be read again.
				}
			}),
		);
		this.changed();
	}
}
