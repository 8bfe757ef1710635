/* The features, family by family, in the order of the IBSI reference values: tag and unit. X(tag, unit). */
#ifndef CSL_PLUGIN_DICOM_RADIOMICS_FEATURE_LIST_H
#define CSL_PLUGIN_DICOM_RADIOMICS_FEATURE_LIST_H

#define CSL_UNIT "[arb'U]" /* of the image */

#define CSL_MORPHOLOGY(X)                                                                                    \
    X("morph_volume", "mm3")                                                                                 \
    X("morph_vol_approx", "mm3")                                                                             \
    X("morph_area_mesh", "mm2")                                                                              \
    X("morph_av", "/mm")                                                                                     \
    X("morph_comp_1", "1")                                                                                   \
    X("morph_comp_2", "1")                                                                                   \
    X("morph_sph_dispr", "1")                                                                                \
    X("morph_sphericity", "1")                                                                               \
    X("morph_asphericity", "1")                                                                              \
    X("morph_com", "mm")                                                                                     \
    X("morph_diam", "mm")                                                                                    \
    X("morph_pca_maj_axis", "mm")                                                                            \
    X("morph_pca_min_axis", "mm")                                                                            \
    X("morph_pca_least_axis", "mm")                                                                          \
    X("morph_pca_elongation", "1")                                                                           \
    X("morph_pca_flatness", "1")                                                                             \
    X("morph_vol_dens_aabb", "1")                                                                            \
    X("morph_area_dens_aabb", "1")                                                                           \
    X("morph_vol_dens_aee", "1")                                                                             \
    X("morph_area_dens_aee", "1")                                                                            \
    X("morph_vol_dens_conv_hull", "1")                                                                       \
    X("morph_area_dens_conv_hull", "1")                                                                      \
    X("morph_integ_int", CSL_UNIT ".mm3")                                                                    \
    X("morph_moran_i", "1")                                                                                  \
    X("morph_geary_c", "1")

#define CSL_LOCAL(X)                                                                                         \
    X("loc_peak_loc", CSL_UNIT)                                                                              \
    X("loc_peak_glob", CSL_UNIT)

#define CSL_STATISTICS(X)                                                                                    \
    X("stat_mean", CSL_UNIT)                                                                                 \
    X("stat_var", CSL_UNIT "2")                                                                              \
    X("stat_skew", "1")                                                                                      \
    X("stat_kurt", "1")                                                                                      \
    X("stat_median", CSL_UNIT)                                                                               \
    X("stat_min", CSL_UNIT)                                                                                  \
    X("stat_p10", CSL_UNIT)                                                                                  \
    X("stat_p90", CSL_UNIT)                                                                                  \
    X("stat_max", CSL_UNIT)                                                                                  \
    X("stat_iqr", CSL_UNIT)                                                                                  \
    X("stat_range", CSL_UNIT)                                                                                \
    X("stat_mad", CSL_UNIT)                                                                                  \
    X("stat_rmad", CSL_UNIT)                                                                                 \
    X("stat_medad", CSL_UNIT)                                                                                \
    X("stat_cov", "1")                                                                                       \
    X("stat_qcod", "1")                                                                                      \
    X("stat_energy", CSL_UNIT "2")                                                                           \
    X("stat_rms", CSL_UNIT)

#define CSL_HISTOGRAM(X)                                                                                     \
    X("ih_mean", "1")                                                                                        \
    X("ih_var", "1")                                                                                         \
    X("ih_skew", "1")                                                                                        \
    X("ih_kurt", "1")                                                                                        \
    X("ih_median", "1")                                                                                      \
    X("ih_min", "1")                                                                                         \
    X("ih_p10", "1")                                                                                         \
    X("ih_p90", "1")                                                                                         \
    X("ih_max", "1")                                                                                         \
    X("ih_mode", "1")                                                                                        \
    X("ih_iqr", "1")                                                                                         \
    X("ih_range", "1")                                                                                       \
    X("ih_mad", "1")                                                                                         \
    X("ih_rmad", "1")                                                                                        \
    X("ih_medad", "1")                                                                                       \
    X("ih_cov", "1")                                                                                         \
    X("ih_qcod", "1")                                                                                        \
    X("ih_entropy", "1")                                                                                     \
    X("ih_uniformity", "1")                                                                                  \
    X("ih_max_grad", "1")                                                                                    \
    X("ih_max_grad_g", "1")                                                                                  \
    X("ih_min_grad", "1")                                                                                    \
    X("ih_min_grad_g", "1")

/* The intensities are numbers of bins where radiomics.ivh_bins is set, else in the unit of the image. */
#define CSL_VOLUME_HISTOGRAM(X)                                                                              \
    X("ivh_v10", "1")                                                                                        \
    X("ivh_v90", "1")                                                                                        \
    X("ivh_i10", CSL_UNIT)                                                                                   \
    X("ivh_i90", CSL_UNIT)                                                                                   \
    X("ivh_diff_v10_v90", "1")                                                                               \
    X("ivh_diff_i10_i90", CSL_UNIT)

#define CSL_GLCM(X, suffix)                                                                                  \
    X("cm_joint_max" suffix, "1")                                                                            \
    X("cm_joint_avg" suffix, "1")                                                                            \
    X("cm_joint_var" suffix, "1")                                                                            \
    X("cm_joint_entr" suffix, "1")                                                                           \
    X("cm_diff_avg" suffix, "1")                                                                             \
    X("cm_diff_var" suffix, "1")                                                                             \
    X("cm_diff_entr" suffix, "1")                                                                            \
    X("cm_sum_avg" suffix, "1")                                                                              \
    X("cm_sum_var" suffix, "1")                                                                              \
    X("cm_sum_entr" suffix, "1")                                                                             \
    X("cm_energy" suffix, "1")                                                                               \
    X("cm_contrast" suffix, "1")                                                                             \
    X("cm_dissimilarity" suffix, "1")                                                                        \
    X("cm_inv_diff" suffix, "1")                                                                             \
    X("cm_inv_diff_norm" suffix, "1")                                                                        \
    X("cm_inv_diff_mom" suffix, "1")                                                                         \
    X("cm_inv_diff_mom_norm" suffix, "1")                                                                    \
    X("cm_inv_var" suffix, "1")                                                                              \
    X("cm_corr" suffix, "1")                                                                                 \
    X("cm_auto_corr" suffix, "1")                                                                            \
    X("cm_clust_tend" suffix, "1")                                                                           \
    X("cm_clust_shade" suffix, "1")                                                                          \
    X("cm_clust_prom" suffix, "1")                                                                           \
    X("cm_info_corr1" suffix, "1")                                                                           \
    X("cm_info_corr2" suffix, "1")

/* The matrices of runs, size zones, distance zones and dependence share their features under names of their
 * own: short and long (small and large, low and high) emphasis, low and high grey levels, and so on. */
#define CSL_EMPHASIS(X, m, s, l, g, n, c, suffix)                                                            \
    X(m "_" s "e" suffix, "1")                                                                               \
    X(m "_" l "e" suffix, "1")                                                                               \
    X(m "_lg" g "e" suffix, "1")                                                                             \
    X(m "_hg" g "e" suffix, "1")                                                                             \
    X(m "_" s "lge" suffix, "1")                                                                             \
    X(m "_" s "hge" suffix, "1")                                                                             \
    X(m "_" l "lge" suffix, "1")                                                                             \
    X(m "_" l "hge" suffix, "1")                                                                             \
    X(m "_glnu" suffix, "1")                                                                                 \
    X(m "_glnu_norm" suffix, "1")                                                                            \
    X(m "_" n "nu" suffix, "1")                                                                              \
    X(m "_" n "nu_norm" suffix, "1")                                                                         \
    X(m "_" c "_perc" suffix, "1")                                                                           \
    X(m "_gl_var" suffix, "1")                                                                               \
    X(m "_" n "_var" suffix, "1")                                                                            \
    X(m "_" n "_entr" suffix, "1")

#define CSL_GLRLM(X, suffix) CSL_EMPHASIS(X, "rlm", "sr", "lr", "r", "rl", "r", suffix)
#define CSL_GLSZM(X, suffix) CSL_EMPHASIS(X, "szm", "sz", "lz", "z", "zs", "z", suffix)
#define CSL_GLDZM(X, suffix) CSL_EMPHASIS(X, "dzm", "sd", "ld", "z", "zd", "z", suffix)
#define CSL_NGLDM(X, suffix)                                                                                 \
    CSL_EMPHASIS(X, "ngl", "ld", "hd", "c", "dc", "dc", suffix)                                              \
    X("ngl_dc_energy" suffix, "1")

#define CSL_NGTDM(X, suffix)                                                                                 \
    X("ngt_coarseness" suffix, "1")                                                                          \
    X("ngt_contrast" suffix, "1")                                                                            \
    X("ngt_busyness" suffix, "1")                                                                            \
    X("ngt_complexity" suffix, "1")                                                                          \
    X("ngt_strength" suffix, "1")

/* Of the directed matrices: averaged over slices and directions, directions merged in each slice, slices
 * merged in each direction, all merged; over the directions of space, those merged. */
#define CSL_DIRECTED(FAMILY, X)                                                                              \
    FAMILY(X, "_2D_avg")                                                                                     \
    FAMILY(X, "_2D_comb")                                                                                    \
    FAMILY(X, "_2_5D_avg")                                                                                   \
    FAMILY(X, "_2_5D_comb")                                                                                  \
    FAMILY(X, "_3D_avg")                                                                                     \
    FAMILY(X, "_3D_comb")
/* Of the others: averaged over slices, slices merged, in space. */
#define CSL_UNDIRECTED(FAMILY, X)                                                                            \
    FAMILY(X, "_2D")                                                                                         \
    FAMILY(X, "_2_5D")                                                                                       \
    FAMILY(X, "_3D")

/* What IBSI asks to report of image and masks, as read, interpolated and re-segmented. */
#define CSL_DIAGNOSTIC_IMAGE(X, stage)                                                                       \
    X("img_dim_x_" stage, "1")                                                                               \
    X("img_dim_y_" stage, "1")                                                                               \
    X("img_dim_z_" stage, "1")                                                                               \
    X("vox_dim_x_" stage, "mm")                                                                              \
    X("vox_dim_y_" stage, "mm")                                                                              \
    X("vox_dim_z_" stage, "mm")
#define CSL_DIAGNOSTIC_MASK(X, stage)                                                                        \
    X("int_mask_dim_x_" stage, "1")                                                                          \
    X("int_mask_dim_y_" stage, "1")                                                                          \
    X("int_mask_dim_z_" stage, "1")                                                                          \
    X("int_mask_bb_dim_x_" stage, "1")                                                                       \
    X("int_mask_bb_dim_y_" stage, "1")                                                                       \
    X("int_mask_bb_dim_z_" stage, "1")                                                                       \
    X("morph_mask_bb_dim_x_" stage, "1")                                                                     \
    X("morph_mask_bb_dim_y_" stage, "1")                                                                     \
    X("morph_mask_bb_dim_z_" stage, "1")                                                                     \
    X("int_mask_vox_count_" stage, "1")                                                                      \
    X("morph_mask_vox_count_" stage, "1")                                                                    \
    X("int_mask_mean_int_" stage, CSL_UNIT)                                                                  \
    X("int_mask_min_int_" stage, CSL_UNIT)                                                                   \
    X("int_mask_max_int_" stage, CSL_UNIT)
#define CSL_DIAGNOSTIC(X)                                                                                    \
    CSL_DIAGNOSTIC_IMAGE(X, "init_img")                                                                      \
    CSL_DIAGNOSTIC_IMAGE(X, "interp_img")                                                                    \
    CSL_DIAGNOSTIC_MASK(X, "init_roi")                                                                       \
    CSL_DIAGNOSTIC_MASK(X, "interp_roi")                                                                     \
    CSL_DIAGNOSTIC_MASK(X, "reseg_roi")

#define CSL_ALL_FEATURES(X)                                                                                  \
    CSL_MORPHOLOGY(X)                                                                                        \
    CSL_LOCAL(X)                                                                                             \
    CSL_STATISTICS(X)                                                                                        \
    CSL_HISTOGRAM(X)                                                                                         \
    CSL_VOLUME_HISTOGRAM(X)                                                                                  \
    CSL_DIRECTED(CSL_GLCM, X)                                                                                \
    CSL_DIRECTED(CSL_GLRLM, X)                                                                               \
    CSL_UNDIRECTED(CSL_GLSZM, X)                                                                             \
    CSL_UNDIRECTED(CSL_GLDZM, X)                                                                             \
    CSL_UNDIRECTED(CSL_NGTDM, X)                                                                             \
    CSL_UNDIRECTED(CSL_NGLDM, X)                                                                             \
    CSL_DIAGNOSTIC(X)

#define CSL_ONE_MORE(tag, unit) +1
enum {
    CSL_MORPHOLOGY_FEATURES = CSL_MORPHOLOGY(CSL_ONE_MORE),
    CSL_LOCAL_FEATURES = CSL_LOCAL(CSL_ONE_MORE),
    CSL_STATISTICS_FEATURES = CSL_STATISTICS(CSL_ONE_MORE),
    CSL_HISTOGRAM_FEATURES = CSL_HISTOGRAM(CSL_ONE_MORE),
    CSL_VOLUME_HISTOGRAM_FEATURES = CSL_VOLUME_HISTOGRAM(CSL_ONE_MORE),
    CSL_GLCM_FEATURES = CSL_GLCM(CSL_ONE_MORE, ""),
    CSL_EMPHASIS_FEATURES = CSL_GLRLM(CSL_ONE_MORE, ""), /* of runs and zones */
    CSL_NGTDM_FEATURES = CSL_NGTDM(CSL_ONE_MORE, ""),
    CSL_NGLDM_FEATURES = CSL_NGLDM(CSL_ONE_MORE, ""),
    CSL_DIAGNOSTIC_FEATURES = CSL_DIAGNOSTIC(CSL_ONE_MORE),
    CSL_DIAGNOSTIC_IMAGES = CSL_DIAGNOSTIC_IMAGE(CSL_ONE_MORE, ""),
    CSL_DIAGNOSTIC_MASKS = CSL_DIAGNOSTIC_MASK(CSL_ONE_MORE, ""),
};

#endif
