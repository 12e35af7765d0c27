/* All keys that one may see, those first that end soon. */

import { url } from "../api/client";
import type { ApiKey } from "../api/resources";
import { usePages } from "../api/pages";
import { usePage } from "../frame/page";
import { Export } from "../parts/export";
import { Empty } from "../parts/small";
import { Listing } from "../parts/listing";
import type { ScreenProps } from "../Console";
import { KeyTable } from "./keys/KeyTable";
import { useQueryState } from "./query-state";
import { UnlessWithheld } from "./withheld";
import { asWords, FilterChip, Segments } from "../parts/choices";
import { t } from "../words/message";

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
	usePage({ title: t("common.keys"), crumbs: [{ name: t("common.keys") }], request });
	return (
		<div className="page stack gap4">
			<div>
				<h1>{t("common.keys")}</h1>
				<p className="second">
					{list.total !== undefined
						? t("screens.keys.credentialsOfProgramsTotalKey", { total: list.total })
						: t("screens.keys.credentialsOfPrograms")}
				</p>
			</div>
			<div className="row wrap" role="group" aria-label={t("common.filters")}>
				<Segments label={t("common.kind")} of={kinds} value={kind} choose={setKind} />
				<span className="end">
					<Export of={request} what={t("common.key")} />
				</span>
				{keyId && (
					<FilterChip
						label={t("screens.keys.clearTheFilterOfThe")}
						on={t("screens.keys.keyId")}
						id={keyId}
						clear={() => setKeyId("")}
					/>
				)}
			</div>
			<Listing
				list={list}
				what="list.keys"
				empty={
					<UnlessWithheld word="apiKeys:read" what={t("common.keys2")}>
						<Empty title={t("screens.keys.noKey")}>
							{keyId ? t("screens.keys.noneThatYouMaySee") : t("screens.keys.keysAreMadeAtAn")}
						</Empty>
					</UnlessWithheld>
				}
			>
				<KeyTable list={list} included={list.included} whose />
			</Listing>
		</div>
	);
}
