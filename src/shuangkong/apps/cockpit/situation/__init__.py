"""节能形势分析: the periodic situation report as a page and a Word document; figures are frozen when it is filed."""
