/* All keys that one may see, those first that end soon. */

import { useSearchParams } from "wouter";
import { url } from "../api/client";
import type { ApiKey } from "../api/resources";
import { usePages } from "../api/pages";
import { usePage } from "../frame/page";
import { Export } from "../parts/export";
import { Refused } from "../parts/failure";
import { Icon } from "../parts/icons";
import { More } from "../parts/more";
import { Empty, Ghosts } from "../parts/small";
import { count } from "../words/count";
import type { ScreenProps } from "../Console";
import { KeyTable } from "./keys/KeyTable";
import { useQueryState } from "./query-state";
import { UnlessWithheld } from "./withheld";

export default function Keys(_: ScreenProps) {
	const [kind, setKind] = useQueryState("filter[kind]");
	const [query, setQuery] = useSearchParams();
	const keyId = query.get("filter[keyId]") ?? "";
	const request = url("apiKeys", {
		"filter[kind]": kind,
		"filter[keyId]": keyId,
		sort: "-createdAt",
		include: "organization,user",
		"fields[organizations]": "name",
		"fields[users]": "fullName",
		"page[size]": 100,
	});
	const list = usePages<ApiKey>(request, { keep: true });
	usePage({ title: "Keys", crumbs: [{ name: "Keys" }], request });
	return (
		<div className="page stack gap4">
			<div>
				<h1>Keys</h1>
				<p className="second">
					Credentials of programs{list.total !== undefined && `: ${count(list.total, "key")} that you may see`}.
				</p>
			</div>
			<div className="row wrap" role="group" aria-label="Filters">
				<div className="segments" role="group" aria-label="Kind">
					{["", "organization", "user", "management"].map((k) => (
						<button key={k} type="button" aria-pressed={kind === k} onClick={() => setKind(k)}>
							{k ? k[0]?.toUpperCase() + k.slice(1) : "All"}
						</button>
					))}
				</div>
				<span className="end">
					<Export of={request} what="key" />
				</span>
				{keyId && (
					<button
						className="chip"
						type="button"
						data-on=""
						aria-label="Clear the filter of the key id"
						onClick={() =>
							setQuery((now) => {
								const next = new URLSearchParams(now);
								next.delete("filter[keyId]");
								return next;
							})
						}
					>
						Key id <b className="mono">{keyId}</b>
						<Icon name="close" />
					</button>
				)}
			</div>
			{list.isPending && <Ghosts />}
			{list.error && list.rows.length === 0 && <Refused error={list.error} again={() => void list.refetch()} />}
			{!list.isPending && !list.error && list.rows.length === 0 && (
				<UnlessWithheld word="apiKeys:read" what="keys">
					<Empty title="No key">
						{keyId
							? "None that you may see has this key id."
							: "Keys are made at an organization, or as your own on the page of your account."}
					</Empty>
				</UnlessWithheld>
			)}
			{list.rows.length > 0 && <KeyTable list={list} included={list.included} whose />}
			<More list={list} what="list.keys" />
		</div>
	);
}
