// Runs before the first paint, so that nobody who chose the dark sees a flash of white. What it reads is written by src/parts/preferences.ts.
(function () {
	try {
		var chosen = JSON.parse(localStorage.getItem("roster.preferences") || "{}");
		var root = document.documentElement;
		if (chosen.theme === "light" || chosen.theme === "dark") root.dataset.theme = chosen.theme;
		if (chosen.density === "compact") root.dataset.density = "compact";
	} catch (e) {
		// Without storage, or with something else in it, the system decides.
	}
})();
