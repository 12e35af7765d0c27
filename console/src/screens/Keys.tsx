/* All keys that one may see, those first that end soon. */

import { url } from "../api/client";
import type { ApiKey } from "../api/resources";
import { usePages } from "../api/pages";
import { usePage } from "../frame/page";
import { Export } from "../parts/export";
import { Empty } from "../parts/small";
import { Listing } from "../parts/listing";
import { count } from "../words/count";
import type { ScreenProps } from "../Console";
import { KeyTable } from "./keys/KeyTable";
import { useQueryState } from "./query-state";
import { UnlessWithheld } from "./withheld";
import { asWords, FilterChip, Segments } from "../parts/choices";

const kinds = asWords(["", "organization", "user", "management"]);

export default function Keys(_: ScreenProps) {
	const [kind, setKind] = useQueryState("filter[kind]");
	const [keyId, setKeyId] = useQueryState("filter[keyId]");
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
				<Segments label="Kind" of={kinds} value={kind} choose={setKind} />
				<span className="end">
					<Export of={request} what="key" />
				</span>
				{keyId && <FilterChip label="Clear the filter of the key id" on="Key id" id={keyId} clear={() => setKeyId("")} />}
			</div>
			<Listing
				list={list}
				what="list.keys"
				empty={
					<UnlessWithheld word="apiKeys:read" what="keys">
						<Empty title="No key">
							{keyId
								? "None that you may see has this key id."
								: "Keys are made at an organization, or as your own on the page of your account."}
						</Empty>
					</UnlessWithheld>
				}
			>
				<KeyTable list={list} included={list.included} whose />
			</Listing>
		</div>
	);
}
